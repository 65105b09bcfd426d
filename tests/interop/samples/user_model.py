"""A DataFrameModel as a user of pandera writes one."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series


class Orders(pa.DataFrameModel):
    """Orders of the shop."""

    order_id: Series[int] = pa.Field(ge=1, unique=True, description="number of the order")
    status: Series[str] = pa.Field(isin=["OPEN", "PAID"], nullable=True)
    total: Series[float] = pa.Field(gt=0, le=1000.5, ne=13)

    @pa.check("status", name="is_sound")
    def is_sound(cls, values: pd.Series) -> pd.Series:
        return values.str.len() > 1

    class Config:
        name = "orders"
        strict = True
        ordered = True
        unique = ["order_id", "status"]
