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

	NothingToDivide   Code = "TEN1009"
	WeightedTwice     Code = "TEN1010"
	WeightedFree      Code = "TEN1011"
	MinimumsUncovered Code = "TEN1012"
	DivisionRefused   Code = "TEN1013"
	DivisionCapped    Code = "TEN1014"
	DividedAnew       Code = "TEN1015"

	UsageUnreadable    Code = "TEN1016"
	UsageUnknown       Code = "TEN1017"
	UsageUnpriced      Code = "TEN1018"
	UsageOutside       Code = "TEN1019"
	UsageTwice         Code = "TEN1020"
	BilledAboveWorst   Code = "TEN1021"
	MonthWithoutPrices Code = "TEN1022"
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
	{
		Code: NothingToDivide, Severity: Error, Title: "A quota is to come from a budget, and there is none to divide",
		Explain: "`quotaFromBudget` divides the budget of the logical cluster itself at the prices of the price book that holds. Without a budget, or without " +
			"a price book, there is nothing to divide, and what is weighted is nothing. Where a class or the defaults of an organization have the weights, each " +
			"logical cluster below still names its own budget.",
	},
	{
		Code: WeightedTwice, Severity: Error, Title: "A key of a quota has an amount and a weight",
		Explain: "One document gives a key of the quota an amount in `quota` and a weight in `quotaFromBudget`. It can have one of the two. Along the chain of " +
			"inheritance the nearest holds: a logical cluster's own amount takes the place of its class's weight, and the other way round.",
	},
	{
		Code: WeightedFree, Severity: Error, Title: "Something without a price is to come from a budget",
		Explain: "A budget can be divided only into what costs something: of what has no price there would be no end. It gets its minimum. Give it an amount in " +
			"`quota`, or a price.",
	},
	{
		Code: MinimumsUncovered, Severity: Error, Title: "A budget does not cover the minimums of its division",
		Explain: "What a logical cluster costs in any case (its class, backing, API sets, and the quota that is not divided) and the minimums of `quotaFromBudget` " +
			"come to more than its budget, at the prices of the dearest physical cluster that it may be placed on, or of the one where it stands. A new or changed document is " +
			"held. Where prices rose it is a warning, and what is left of the budget is divided by what the minimums cost.",
	},
	{
		Code: DivisionRefused, Severity: Error, Title: "A pattern admits no amount that the budget gives",
		Explain: "A pattern of a directory above bounds a key of the quota, and neither the amount that the division of the budget gives nor a smaller one is " +
			"allowed: the pattern demands more than the budget pays for, or names single amounts. Give the key an amount in `quota`.",
	},
	{
		Code: DivisionCapped, Severity: Note, Title: "A division of a budget stops at a bound",
		Explain: "The budget would give more of something than a pattern of a directory above, or what is left of a ceiling, allows. The amount stops there, and the " +
			"money stays unused: it goes to no other key, so that a bound on one thing never means more of another.",
	},
	{
		Code: DividedAnew, Severity: Note, Title: "A change of prices divides budgets anew",
		Explain: "Quotas that are divided from a budget follow the prices: where they rise, the budget gives less. The note names what changes with the price book " +
			"that holds now. A quota bounds what is newly admitted, so nothing that runs is evicted.",
	},
	{
		Code: UsageUnreadable, Severity: Error, Title: "A line of usage can't be read",
		Explain: "`tenantry bill` reads CSV with a header, or the answer of a Prometheus query as JSON. The line, or the series that begins there, is not billed; all " +
			"others are. docs/cost.md says how usage is written.",
	},
	{
		Code: UsageUnknown, Severity: Error, Title: "Usage belongs to nobody",
		Explain: "A line of usage names a logical cluster, a physical cluster or a namespace that the tenancy repo does not have. It is not billed. What was removed " +
			"during the month can be billed from a revision that still has it.",
	},
	{
		Code: UsageUnpriced, Severity: Warning, Title: "Usage of something without a price",
		Explain: "No price book of the month has a price for the resource, so using it costs nothing. The warning stands at the first line of each logical cluster.",
	},
	{
		Code: UsageOutside, Severity: Warning, Title: "Usage lies outside the month",
		Explain: "Only what lies in the month that is billed, in UTC, counts; the rest belongs to another bill.",
	},
	{
		Code: UsageTwice, Severity: Error, Title: "The same usage is there twice",
		Explain: "Two lines say what one logical cluster used of one resource on one physical cluster at the same time. The one that began earlier counts, and of the other what " +
			"lies after it.",
	},
	{
		Code: BilledAboveWorst, Severity: Warning, Title: "A bill is above the worst case",
		Explain: "The worst case is what a logical cluster can cost at most while its quota holds, so a bill above it says that something is not as it should be: the quota was " +
			"lowered during the month while workloads went on, the usage counts what the quota does not bound, or it is wrong.",
	},
	{
		Code: MonthWithoutPrices, Severity: Warning, Title: "No price book holds for a part of the month",
		Explain: "Before the first day of the first price book nothing has a price, and nothing is billed.",
	},
}
