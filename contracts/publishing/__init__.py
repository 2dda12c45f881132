"""What the contracts are published as: JSON Schemas and AsyncAPI, each compared with the released version."""
