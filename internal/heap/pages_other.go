//go:build !linux

package heap

func adviseHugePages(int) {}
