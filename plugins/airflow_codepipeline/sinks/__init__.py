"""Who is told of executions outside of AWS. (Who is told in AWS is in the room `aws`.)"""
