# studies/commands/schema.py
"""`trichord schema`: the JSON schema of a study file, for editors that check TOML while it is written."""

import json
from typing import Any

from studies.specification import Study

TABLES, EXTENDING = '"#/$defs/', '"#/$defs/Extending'


def schema() -> int:
    """Print the schema."""
    print(json.dumps(study_schema(), indent=2, ensure_ascii=False))
    return 0


def study_schema() -> dict[str, Any]:
    """That of the models; in a file that extends a study every table may leave out all but its name."""
    whole = Study.model_json_schema(by_alias=True)
    part = _with_names_alone(json.loads(json.dumps(whole).replace(TABLES, EXTENDING)))
    extends = {"type": "string", "description": "A study of the catalogue, or a file beside this one, to build on."}
    part["properties"] = {"extends": extends, **part["properties"]}
    tables = {**whole.pop("$defs"), **{"Extending" + name: table for name, table in part.pop("$defs").items()}}
    return {
        "$defs": tables,
        "properties": part["properties"],
        "if": {"required": ["extends"]},
        "then": {**part, "required": ["extends", "name"]},
        "else": whole,
    }


def _with_names_alone(schema: Any) -> Any:
    """The same schema in which nothing but a name is required."""
    if isinstance(schema, list):
        return [_with_names_alone(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: [name for name in value if name == "name"] if key == "required" else _with_names_alone(value)
        for key, value in schema.items()
    }
