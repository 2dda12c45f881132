"""Whether a model fits the declared features: each exists, has a fitting type, and all are of one purpose."""

from core.features.model import FeatureSet, ValueType
from core.scoring.inputs import ModelInputs, feature_names
from core.scoring.model_file import Input, Model, ModelProblem

_NUMBERS: frozenset[ValueType] = frozenset({"int", "double"})


def misfits(model: Model, features: FeatureSet) -> tuple[ModelProblem, ...]:
    """Every reason why the model cannot be used with these features; empty: it can.

    Features of the purposes behaviour and security are not mixed in a model: those for protection against fraud must
    not decide what a person is shown.
    """
    reasons = [reason for given in model.inputs for reason in _of_input(given, features)]
    sources = {
        features.entities[found[0].entity].source
        for name in ModelInputs(model.inputs).features
        if (found := features.by_value_name.get(name)) is not None
    }
    if len(sources) > 1:
        reasons.append(f"inputs: features of different purposes: {', '.join(sorted(sources))}")
    return tuple(map(ModelProblem, reasons))


def _of_input(given: Input, features: FeatureSet) -> list[str]:
    types = {}
    for name in feature_names(given):
        found = features.by_value_name.get(name)
        if found is None:
            return [f"input {given.name}: there is no feature {name}"]
        types[name] = found[0].value_type
    if given.feature is not None and types[given.feature] not in _NUMBERS:
        return [f"input {given.name}: {given.feature} is no number but {types[given.feature]}"]
    if given.count_of is not None and types[given.count_of] != "string":
        return [f"input {given.name}: count_of: {given.count_of} is no text but {types[given.count_of]}"]
    if given.in_ is not None and types[given.in_] != "string_list":
        return [f"input {given.name}: in: {given.in_} is no list but {types[given.in_]}"]
    if given.equal is not None:
        left, right = (types[name] in _NUMBERS or types[name] for name in given.equal)
        if left != right:
            return [f"input {given.name}: equal: {' and '.join(types[name] for name in given.equal)} are never equal"]
    return []
