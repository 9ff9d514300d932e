"""
Makes the ONNX files beside it with the exporters that people use, each with a few predictions of the library itself.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r requirements.txt && /tmp/venv/bin/python make.py
"""
import json
from pathlib import Path

import lightgbm
import numpy
import onnx
import onnxmltools
import pandas
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MlToolsFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDER = Path(__file__).parent
random = numpy.random.default_rng(7)
rows = 60
amount = random.uniform(0, 100, rows).astype(numpy.float32)
age = random.integers(18, 80, rows).astype(numpy.float32)
pair = numpy.column_stack([amount, age])
probe = pair[:4]
number = (amount * 2 + age > 150).astype(numpy.int64)
text = numpy.where(number == 1, "yes", "no")
three = numpy.digitize(amount, [30, 70])
expected = {}


def save(name, model, **known):
    onnx.save(model, FOLDER / f"{name}.onnx")
    expected[name] = {
        key: value.tolist() if hasattr(value, "tolist") else value for key, value in known.items()
    }


def forest(labels):
    return RandomForestClassifier(n_estimators=3, max_depth=3, random_state=1).fit(pair, labels)


# skl2onnx with its defaults: a classifier ends in a ZipMap.
for name, labels in [("zipmap-numbers", number), ("zipmap-texts", text), ("zipmap-three", three)]:
    model = forest(labels)
    save(
        name,
        to_onnx(model, probe),
        instances=probe,
        label=model.predict(probe),
        probabilities=model.predict_proba(probe),
        classes=[str(one) for one in model.classes_],
    )

# The same without, and with a column for each class.
model = forest(text)
for name, option in [("no-zipmap", False), ("zipmap-columns", "columns")]:
    converted = to_onnx(model, probe, options={id(model): {"zipmap": option}})
    save(name, converted, instances=probe, label=model.predict(probe), probabilities=model.predict_proba(probe))

# LightGBM's ZipMap comes from onnxmltools, and XGBoost's classifier has none.
model = lightgbm.LGBMClassifier(n_estimators=3, max_depth=2, verbose=-1, min_child_samples=2).fit(pair, number)
converted = onnxmltools.convert_lightgbm(model, initial_types=[("input", MlToolsFloats([None, 2]))], target_opset=15)
save("lightgbm", converted, instances=probe, label=model.predict(probe), probabilities=model.predict_proba(probe))
model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(pair, number)
converted = onnxmltools.convert_xgboost(model, initial_types=[("input", MlToolsFloats([None, 2]))], target_opset=15)
save("xgboost", converted, instances=probe, label=model.predict(probe), probabilities=model.predict_proba(probe))
model = xgboost.XGBRegressor(n_estimators=3, max_depth=2).fit(pair, amount)
converted = onnxmltools.convert_xgboost(model, initial_types=[("input", MlToolsFloats([None, 2]))], target_opset=15)
save("xgboost-regressor", converted, instances=probe, value=model.predict(probe))

# A batch of exactly one, in the type of the input.
model = GradientBoostingRegressor(n_estimators=3, max_depth=2, random_state=1).fit(pair, amount)
save(
    "batch-of-one",
    to_onnx(model, initial_types=[("float_input", FloatTensorType([1, 2]))]),
    instances=probe,
    value=model.predict(probe),
)
save(
    "batch-of-eight",
    to_onnx(model, initial_types=[("float_input", FloatTensorType([8, 2]))]),
)

# A tensor for each column, of texts, floats and integers.
frame = pandas.DataFrame(
    {"channel": numpy.where(age > 50, "web", "shop"), "amount": amount, "visits": age.astype(numpy.int64)}
)
pipeline = make_pipeline(
    ColumnTransformer(
        [
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["channel"]),
            ("floats", StandardScaler(), ["amount"]),
            ("integers", StandardScaler(), ["visits"]),
        ]
    ),
    LogisticRegression(),
).fit(frame, text)
converted = to_onnx(
    pipeline,
    initial_types=[
        ("channel", StringTensorType([None, 1])),
        ("amount", FloatTensorType([None, 1])),
        ("visits", Int64TensorType([None, 1])),
    ],
)
save(
    "pipeline",
    converted,
    instances=frame[:4].to_dict("records"),
    label=pipeline.predict(frame[:4]),
    probabilities=pipeline.predict_proba(frame[:4]),
    classes=list(pipeline.classes_),
)

# Doubles; missing values; more than one output; a sequence that is no ZipMap.
model = LinearRegression().fit(pair.astype(numpy.float64), amount)
save(
    "doubles",
    to_onnx(model, initial_types=[("X", DoubleTensorType([None, 2]))]),
    instances=probe.astype(numpy.float64),
    value=model.predict(probe.astype(numpy.float64)),
)
holes = pair.copy()
holes[::3, 1] = numpy.nan
model = lightgbm.LGBMRegressor(n_estimators=3, max_depth=2, verbose=-1, min_child_samples=2).fit(holes, amount)
save(
    "missing-values",
    onnxmltools.convert_lightgbm(model, initial_types=[("input", MlToolsFloats([None, 2]))], target_opset=15),
    instances=[[float(a), None if numpy.isnan(b) else float(b)] for a, b in holes[:4]],
    value=model.predict(holes[:4]),
)
model = IsolationForest(n_estimators=3, random_state=1).fit(pair)
save(
    "isolation-forest",
    to_onnx(model, probe, target_opset={"": 15, "ai.onnx.ml": 3}),
    instances=probe,
    label=model.predict(probe),
    scores=model.decision_function(probe),
)
model = MultiOutputClassifier(LogisticRegression()).fit(pair, numpy.column_stack([number, three]))
save("sequence", to_onnx(model, probe, options={id(model): {"zipmap": False}}), instances=probe, label=model.predict(probe))

# Weights in a file of their own.
weights = onnx.numpy_helper.from_array(numpy.array([[2.0], [3.0]], numpy.float32), "weights")
graph = onnx.helper.make_graph(
    [onnx.helper.make_node("MatMul", ["X", "weights"], ["variable"])],
    "external",
    [onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, 2])],
    [onnx.helper.make_tensor_value_info("variable", onnx.TensorProto.FLOAT, [None, 1])],
    [weights],
)
onnx.save(
    onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)], ir_version=8),
    FOLDER / "external-data.onnx",
    save_as_external_data=True,
    location="external-data.weights",
    size_threshold=0,
    convert_attribute=False,
)
expected["external-data"] = {"instances": probe.tolist(), "value": (probe @ [2.0, 3.0]).tolist()}

(FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
