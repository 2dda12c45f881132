"""An S3 server on this machine."""
