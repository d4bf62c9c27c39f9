"""What a submission leaves open or claims: stubs, written answers, the order of cells."""
