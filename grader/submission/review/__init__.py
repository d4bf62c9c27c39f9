"""What a submission leaves open or claims: stubs, written answers, stored outputs."""
