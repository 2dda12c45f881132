"""The stacks of one environment."""

from aws_cdk import App, Tags

from deploy.cdk.application import ApplicationStack
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.lake import LakeStack
from deploy.cdk.settings import Settings


def build(app: App, settings: Settings | None = None) -> tuple[FoundationStack, ApplicationStack, LakeStack]:
    settings = settings or Settings()
    foundation = FoundationStack(app, settings)
    application = ApplicationStack(app, settings, foundation)
    lake = LakeStack(app, settings, foundation)
    Tags.of(app).add("project", "clickstream-enrichment")
    Tags.of(app).add("environment", settings.environment)
    return foundation, application, lake
