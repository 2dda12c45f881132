"""The lookup service's contract: requests and answers of each endpoint."""
