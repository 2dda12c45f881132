"""Rules about the web that several derived enrichments share: page addresses, sites, crawlers."""
