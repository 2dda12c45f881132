"""Account risk: which events look like an attack, and what to do about it. Pure; the job account_security, the lookup
service's ``/v1/risk`` and the back-test share it.

An event is observed once (:mod:`core.risk.observe`): which rules' conditions match it, and the few values that are
counted. Each value that it shares with others, such as an address, is a *facet* (:mod:`core.risk.facets`): its log
finds attacks on many accounts. The account itself is the *subject* (:mod:`core.risk.subject`): its log, its habits and
what the facets found give the verdict.
"""
