package diag

var checkEntries = []Entry{}
