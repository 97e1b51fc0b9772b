current_sota where track = 'all'
