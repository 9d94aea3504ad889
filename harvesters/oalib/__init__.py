"""OALib: a crawl of its journal lists and searches by a Scrapy spider in a process of its own."""
