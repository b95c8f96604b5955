package diag

var loadEntries = []Entry{}
