"""All domain logic of newsloom: no Celery, no Redis, no environment.

Source -> FeedDocument -> Entry -> Page -> Article -> Story -> SeedDocument -> file
"""
