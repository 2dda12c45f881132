"""How the contracts are published: JSON Schemas, their compatibility, AsyncAPI, the table of topics."""
