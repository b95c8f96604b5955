package diag

// Codes of prices and budgets.
const (
	PriceInvalid   Code = "TEN1001"
	PriceBookClash Code = "TEN1002"
	NoCurrency     Code = "TEN1003"
	UnknownPriced  Code = "TEN1004"
	PricedUnbound  Code = "TEN1005"
	OverBudget     Code = "TEN1006"
	BudgetOverrun  Code = "TEN1007"
	NoPrices       Code = "TEN1008"
)

var costEntries = []Entry{
	{
		Code: PriceInvalid, Severity: Error, Title: "A price, a budget or a date can't be reckoned with",
		Explain: "Amounts of money and factors are exact decimals with at most twelve decimals: what is finer is most often a slip, and is never rounded. " +
			"The first day of a price book must be a day of the calendar.",
	},
	{
		Code: PriceBookClash, Severity: Error, Title: "Two price books begin on the same day",
		Explain: "One price book holds at a time: the one with the latest first day that has come. Two that begin on one day, or two without a day, leave " +
			"open which it is. Give one of them another day, or make one of the two.",
	},
	{
		Code: NoCurrency, Severity: Warning, Title: "Amounts of money have no currency",
		Explain: "Prices and budgets are in the currency of `settings.currency`, and there is none. Costs are reckoned and compared all the same, but nobody " +
			"who reads them knows what they are in.",
	},
	{
		Code: UnknownPriced, Severity: Warning, Title: "A price is for something that does not exist",
		Explain: "A price book names a class, an API set, a physical cluster or a region that nothing declares. The price counts for nothing. API sets are " +
			"priced by name where they are declared outside orgs/.",
	},
	{
		Code: PricedUnbound, Severity: Error, Title: "A logical cluster has no quota of something that has a price",
		Explain: "The worst case is a bound only if a quota limits everything that costs. A new or changed logical cluster without such a quota is held. Where an " +
			"organization, a class or the price book changed so that logical clusters which stood before lack one, the error is that document's, and it is held. " +
			"Where a price book came to hold because its day has come, it is a warning, and the logical clusters cost more than what is shown. Give a quota, in " +
			"the class or in an organization's defaults where many lack it, or let the price book say withoutQuota: \"zero\".",
	},
	{
		Code: OverBudget, Severity: Error, Title: "A budget would be exceeded",
		Explain: "The worst case of a logical cluster is what its quota costs a month at the prices of the price book, with its class, backing and API sets, times " +
			"the factors of where it stands. A budget bounds the sum of the worst cases below an organization, or the worst case of one logical cluster. What stood " +
			"before is summed first; then, in the order of their keys, organizations whose defaults changed and logical clusters that are new or changed are let in " +
			"where they fit. Those that do not fit are held, and nobody else is.",
	},
	{
		Code: BudgetOverrun, Severity: Error, Title: "What exists costs more than the budget",
		Explain: "The worst cases of what stood before already sum to more than the budget: it was lowered, or prices or factors rose. Nobody is held for " +
			"that; whatever would cost more is refused until there is room. It is an error of the document that lowered the budget, and a warning " +
			"where prices rose.",
	},
	{
		Code: NoPrices, Severity: Warning, Title: "A budget bounds nothing",
		Explain: "There are budgets, and no price book holds at the date of the run, so that everything costs nothing. Declare prices outside orgs/, or wait for " +
			"the first day of the book that is declared.",
	},
}
