# studies/commands/schema.py
"""`trichord schema`: the JSON schema of a study file, for editors that check TOML while it is written."""

import json

from studies.specification import Study


def schema() -> int:
    """Print the schema."""
    print(json.dumps(Study.model_json_schema(by_alias=True), indent=2, ensure_ascii=False))
    return 0
