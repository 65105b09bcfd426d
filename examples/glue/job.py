"""The script of an AWS Glue job; everything else is in the wheel."""

from callcenter_etl.glue import main

main()
