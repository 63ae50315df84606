"""Pure: articles -> stories, their leads, topics and scores."""
