# studies/commands/schema.py
"""`trichord schema`: the JSON schema of a study file, for editors that check TOML while it is written."""

import json
from typing import Any

from studies.specification import Study


def schema() -> int:
    """Print the schema."""
    print(json.dumps(study_schema(), indent=2, ensure_ascii=False))
    return 0


def study_schema() -> dict[str, Any]:
    """That of the models; a file that extends a study needs a name alone."""
    schema = Study.model_json_schema(by_alias=True)
    extends = {"type": "string", "description": "A study of the catalogue, or a file beside this one, to build on."}
    required = schema.pop("required")
    properties = {"extends": extends, **schema["properties"]}
    return {**schema, "properties": properties, "anyOf": [{"required": ["extends", "name"]}, {"required": required}]}
