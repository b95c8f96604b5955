package diag

var resolveEntries = []Entry{}
