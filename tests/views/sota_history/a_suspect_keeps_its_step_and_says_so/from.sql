sota_history where track = 'all'
