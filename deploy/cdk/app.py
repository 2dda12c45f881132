"""The stacks of one environment."""

from aws_cdk import App, Tags

from deploy.cdk.foundation import FoundationStack
from deploy.cdk.job import JobStack
from deploy.cdk.settings import Settings


def build(app: App, settings: Settings | None = None) -> tuple[FoundationStack, dict[str, JobStack]]:
    """The foundation, and a stack for each job by the job's name."""
    settings = settings or Settings()
    foundation = FoundationStack(app, settings)
    jobs = {name: JobStack(app, settings, foundation, job) for name, job in settings.jobs.items()}
    Tags.of(app).add("project", "clickstream-enrichment")
    Tags.of(app).add("environment", settings.environment)
    return foundation, jobs
