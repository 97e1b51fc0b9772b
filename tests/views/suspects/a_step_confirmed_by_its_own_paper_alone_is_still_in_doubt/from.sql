suspects where kind = 'jump'
