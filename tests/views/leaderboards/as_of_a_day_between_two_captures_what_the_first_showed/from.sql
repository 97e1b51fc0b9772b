leaderboards_as_of('2024-01-15')
