"""The ledger: proves that every raw record has exactly one outcome, and summarises a run.

The steps, one package each: ``reading`` topics, ``collecting`` the outputs during a run, ``balancing`` outputs
against raw records, comparing ``sinks`` with the enriched topics, ``reporting``.
"""
