"""Prometheus' rules, and Grafana's dashboards as code: ``python -m deploy.observability`` writes the dashboards."""
