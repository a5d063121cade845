"""Scrapy settings. Override any with `-s NAME=VALUE`, or for good in the `chaffinch.toml` of a project folder."""

from chaffinch import __version__
from chaffinch.faces import project
from chaffinch.flow import ORDER

BOT_NAME = "chaffinch"
SPIDER_MODULES = ["chaffinch.spiders"]
NEWSPIDER_MODULE = "chaffinch.spiders"
COMMANDS_MODULE = "chaffinch.faces.commands"

# --- Ours -------------------------------------------------------------------------------------------------------
CORPUS = "data/corpus.db"
# Who runs this crawl: an address or a page that a webmaster can write to. Needed for anything but loopback.
CONTACT = ""
# Loopback and private addresses are refused on every hop unless this is set.
ALLOW_PRIVATE_ADDRESSES = False
# A folder for raw responses, one WACZ a run; none when empty. They hold the contacts that the corpus does not.
ARCHIVE = ""
FARMS = ""  # the list that is crawled; config/farms.toml when empty
TOPICS = ""  # what is kept; config/topics.toml when empty

# Pages fetched of one site in one run, where its farm names no `budget`: what a second each takes in fourteen hours.
PAGE_BUDGET = 50_000

# --- The flow: the stages in the order that chaffinch/flow/__init__.py gives, each with its file in pipelines/. ------
# Clustering happens in the store's transaction: it needs what the corpus holds already.
ITEM_PIPELINES = {
    **{
        f"chaffinch.pipelines.{one}.{one.title().replace('_', '')}Pipeline": 50 * place
        for place, one in enumerate(ORDER, 1)
    },
    "chaffinch.pipelines.store.StorePipeline": 900,
}
ITEM_PROCESSOR = "chaffinch.spiders.engine.offload.OffloadingPipelines"
# The frontier lives in the corpus: what is due comes from it, what was found goes to it.
SCHEDULER = "chaffinch.spiders.engine.scheduler.FrontierScheduler"
# A spider that opens no corpus, such as one of your own, gets Scrapy's scheduler and none of these stages.
ADDONS = {"chaffinch.spiders.engine.foreign.ForeignSpiders": 0}

# --- Polite ------------------------------------------------------------------------------------------------------
USER_AGENT = f"Chaffinch/{__version__}"  # the spider adds CONTACT
ROBOTSTXT_OBEY = True
OBEY_NOINDEX = True  # noindex and nofollow, in the page, its headers and at its links
OPT_OUT = ""  # hosts never to fetch; config/optout.txt when empty
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0  # a delay, and a Crawl-delay more so, is the least there is to be, not the mean
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 64
CONCURRENT_ITEMS = 1  # a page is one item; Scrapy starts so many tasks for each
RETRY_TIMES = 1  # a page that fails is due again later anyway
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 are for spiders.middlewares.backoff
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # `pages.reason` tells it
COOKIES_ENABLED = True  # to sites that show themselves only to who brings one back: spiders.middlewares.cookies

# --- Safe --------------------------------------------------------------------------------------------------------
TWISTED_DNS_RESOLVER = "chaffinch.spiders.engine.resolver.PublicResolver"
DOWNLOAD_HANDLERS = {
    "http": "chaffinch.spiders.extensions.stopping.StoppableHandler",
    "https": "chaffinch.spiders.extensions.stopping.StoppableHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False  # what came is taken, as browsers do; the spider tells it
DOWNLOAD_TIMEOUT = 30
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
HTTPPROXY_ENABLED = False  # a proxy of the environment would resolve names past our resolver
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "chaffinch.spiders.middlewares.optout.OptOutMiddleware": 80,
    "chaffinch.spiders.middlewares.backoff.BackoffMiddleware": 90,
    "chaffinch.spiders.middlewares.robots.RobotsMiddleware": 100,
    "chaffinch.spiders.middlewares.cookies.CookieMiddleware": 580,  # sees what was inflated
    "chaffinch.spiders.middlewares.encodings.ContentEncodingMiddleware": 590,
    "chaffinch.spiders.middlewares.archive.ArchiveMiddleware": 950,
}

EXTENSIONS = {
    "chaffinch.spiders.extensions.live.LiveExtension": 0,
    "chaffinch.spiders.extensions.stopping.Stopping": 0,
    "chaffinch.spiders.extensions.feeds.ArticleFeeds": 0,  # -o and -O
    "chaffinch.spiders.extensions.watchdog.Watchdog": 0,
}
# Scrapy's own without its telnet console and its remote control, which are off already. To say None of them above would
# load both first, and with the second an HTTP server and client.
EXTENSIONS_BASE = {
    f"scrapy.extensions.{name}": 0
    for name in (
        "corestats.CoreStats", "logcount.LogCount", "memusage.MemoryUsage", "memdebug.MemoryDebugger",
        "closespider.CloseSpider", "logstats.LogStats", "spiderstate.SpiderState", "throttle.AutoThrottle",
    )
}  # fmt: skip

FEED_EXPORT_ENCODING = "utf-8"  # JSON as it reads, not \u9009

# --- Quiet -------------------------------------------------------------------------------------------------------
LOG_LEVEL = "WARNING"
LOG_FORMATTER = "chaffinch.spiders.engine.logformatter.QuietFormatter"

# --- The project folder's own, if the command is run in one ----------------------------------------------------------
project.apply(globals())
