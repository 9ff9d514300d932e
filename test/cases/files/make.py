# Writes the Parquet files beside it, with what no other tool here can write: python3 make.py (needs pyarrow).
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

WHOLE = [1704067200123456000, None, 1704067200000000000]
FINER = [1704067200123456000, None, 1704067200123456789]


def write(name, values, type, **options):
    table = pa.table({"id": pa.array(["a", "b", "c"]), "t": pa.array(values, type=type)})
    pq.write_table(table, name, **options)


for name, values in (("whole", WHOLE), ("finer", FINER)):
    write(f"nanoseconds-zone-{name}.parquet", values, pa.timestamp("ns", "UTC"))
    write(f"nanoseconds-{name}.parquet", values, pa.timestamp("ns"))
    write(f"int96-{name}.parquet", values, pa.timestamp("ns"), use_deprecated_int96_timestamps=True)
    write(f"int96-{name}-zstd.parquet", values, pa.timestamp("ns"), use_deprecated_int96_timestamps=True, compression="zstd")
write("time-of-day-finer.parquet", [1, 2, 3], pa.time64("ns"))
nested = pa.array([{"t": value} for value in WHOLE], type=pa.struct([("t", pa.timestamp("ns", "UTC"))]))
pq.write_table(pa.table({"s": nested}), "nested-nanoseconds.parquet")
pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "A"]), "names.parquet")
for name, type in (("decimal-of-60-digits", pa.decimal256(60, 2)), ("decimal-of-38-digits", pa.decimal256(38, 2))):
    pq.write_table(pa.table({"d": pa.array([Decimal("1111111111111111111111111111111111.25"), None], type=type)}), f"{name}.parquet")
inside = pa.array([{"d": [Decimal("1.25")]}], type=pa.struct([("d", pa.list_(pa.decimal256(60, 2)))]))
pq.write_table(pa.table({"s": inside}), "nested-decimal-of-60-digits.parquet")
