provenance where result_id = 'a:Big-Net'
