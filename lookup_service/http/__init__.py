"""HTTP below the endpoints: connections, admission, bodies, errors, logs."""
