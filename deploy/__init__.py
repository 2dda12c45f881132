"""Builds and deploys the jobs and what stands around them: archives, images, AWS infrastructure, Druid, dashboards."""
