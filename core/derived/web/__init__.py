"""What several derived enrichments know of the web: page addresses, sites, crawlers."""
