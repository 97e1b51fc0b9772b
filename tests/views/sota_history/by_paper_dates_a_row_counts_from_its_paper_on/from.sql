sota_history_policy('paper_date', 'all')
