"""Reading features: the declarations, the states in Redis, and the values of an instant made of both."""
