"""``python -m deploy.cdk``: what ``cdk synth`` and ``cdk deploy`` run (cdk.json). Context: environment, peak, daily."""

from dataclasses import replace

from aws_cdk import App

from deploy.cdk.app import build
from deploy.cdk.settings import Settings
from deploy.sizing import BILLION_A_DAY, size


def main() -> None:
    app = App()

    def context(name: str, default: str) -> str:
        return str(app.node.try_get_context(name) or default)

    load = replace(
        BILLION_A_DAY,
        peak_events_s=float(context("peak", str(BILLION_A_DAY.peak_events_s))),
        daily_events=float(context("daily", str(BILLION_A_DAY.daily_events))),
    )
    build(app, Settings(environment=context("environment", "production"), size=size(load)))
    app.synth()


if __name__ == "__main__":
    main()
