"""What a run's files are called in its output."""

TARGET, EXCEPTIONS, REJECTED, SUMMARY = "target", "exceptions", "rejected", "summary"
FILE_NAMES = {
    TARGET: "target.csv",
    EXCEPTIONS: "exceptions.csv",
    REJECTED: "rejected.csv",
    SUMMARY: "summary.json",
}
IN_PARTS = (
    TARGET,
    EXCEPTIONS,
    REJECTED,
)  # those that can be folders of part files, named like the file without its suffix
SUCCESS_NAME = "_SUCCESS"  # marks such a folder as complete
