"""Caches, circuit breakers and their kin: how a part lives with slow, dead or wrong neighbours."""
