"""Hosts that say nothing about which company somebody works for.

Owns the tables: hosts where anybody has a page (a company's "website" there is not its domain), the paths of such
pages on a company's own host, hosts where every customer has a subdomain, suffixes that are on no public network,
domains where anybody has a mailbox. All entries are lower case and without `www.`.
"""

import re
from collections.abc import Iterable
from typing import Final

_NETWORKS = """
    linkedin.com lnkd.in facebook.com fb.com fb.me messenger.com twitter.com x.com t.co instagram.com
    threads.net threads.com tiktok.com youtube.com youtu.be vimeo.com pinterest.com snapchat.com reddit.com
    tumblr.com bsky.app t.me telegram.me wa.me whatsapp.com discord.gg discord.com vk.com weibo.com xing.com
"""
_LINK_LISTS = """
    linktr.ee beacons.ai bio.link lnk.bio linkin.bio campsite.bio tap.bio taplink.cc about.me solo.to bit.ly
    goo.gl tinyurl.com ow.ly g.page g.co forms.gle maps.app.goo.gl calendly.com
    bio.site hoo.be msha.ke stan.store allmylinks.com lit.link linkpop.com instabio.cc flow.page lnk.to
    rebrand.ly buff.ly cutt.ly rb.gy is.gd share.google
"""
# The platform's own domain stays a company's: google.com, apple.com, greenhouse.io.
_PLATFORM_PAGES = """
    sites.google.com docs.google.com drive.google.com maps.google.com play.google.com plus.google.com
    business.google.com apps.apple.com itunes.apple.com podcasts.apple.com open.spotify.com stores.ebay.com
    app.apollo.io app.dealroom.co crunchbase.com angel.co wellfound.com
    boards.greenhouse.io boards.eu.greenhouse.io job-boards.greenhouse.io job-boards.eu.greenhouse.io
    jobs.lever.co jobs.eu.lever.co jobs.ashbyhq.com apply.workable.com jobs.workable.com
    jobs.smartrecruiters.com careers.smartrecruiters.com item.taobao.com detail.tmall.com detail.1688.com
"""
# Pages below the path given, or below any, on hosts that are a company's own too; `.*`: in all countries.
_PAGES_BELOW = """
    google.*/maps google.*/search google.*/local yelp.*/biz etsy.com/shop amazon.*/stores github.com/ medium.com/
    linktree.com/ wikipedia.org/ bbb.org/ yellowpages.com/ yellowpages.ca/ yell.com/ gelbeseiten.de/ pagesjaunes.fr/
    trustpilot.com/review g2.com/products clutch.co/profile indeed.*/cmp zoominfo.com/c producthunt.com/
    amazon.*/shops amazon.*/sp ebay.*/str ebay.*/usr aliexpress.com/store indiamart.com/ notion.so/ gumroad.com/
    patreon.com/ ko-fi.com/ buymeacoffee.com/ gofundme.com/ kickstarter.com/projects kickstarter.com/profile
    indiegogo.com/projects indiegogo.com/individuals eventbrite.*/o eventbrite.*/e eventbrite.*/cc meetup.com/
    dribbble.com/ behance.net/ soundcloud.com/ twitch.tv/ upwork.com/agencies upwork.com/ag upwork.com/freelancers
    fiverr.com/ g2.com/sellers capterra.*/p capterra.*/software goodfirms.co/company designrush.com/agency
    glassdoor.*/overview glassdoor.*/reviews glassdoor.*/jobs glassdoor.*/salary glassdoor.*/interview
    apollo.io/companies pitchbook.com/profiles owler.com/company dnb.com/business-directory bloomberg.com/profile
    opencorporates.com/companies ycombinator.com/companies builtin.com/company kununu.com/ rocketreach.co/
    houzz.*/pro houzz.*/professionals houzz.*/professionnels houzz.*/experten tripadvisor.*/ opentable.*/r
    thumbtack.com/ angi.com/companylist homeadvisor.com/rated nextdoor.com/pages manta.com/c foursquare.com/v
    zillow.com/profile theknot.com/marketplace weddingwire.com/biz booking.com/hotel
"""
# Site builders, shops and boards that the public suffix list leaves out: a subdomain there is somebody's own site.
_BUILDERS = """
    wordpress.com weebly.com squarespace.com godaddysites.com substack.com webnode.com webnode.page jimdo.com
    jimdofree.com jimdosite.com business.site strikingly.com mystrikingly.com ueniweb.com bigcartel.com webs.com
    hubspotpagebuilder.com hs-sites.com hs-sites-eu1.com tistory.com canva.site my.canva.site medium.com
    notion.so typepad.com livejournal.com odoo.com ghost.io gumroad.com bandcamp.com etsy.com company.site ecwid.com
    softr.app durable.co site123.me zyrosite.com surge.sh teachable.com thinkific.com mykajabi.com podia.com
    bamboohr.com recruitee.com breezy.hr teamtailor.com 1688.com taobao.com tmall.com
    en.alibaba.com m.en.alibaba.com trustpass.alibaba.com fm.alibaba.com en.made-in-china.com
"""
_NOT_PUBLIC = """
    local localhost localdomain internal intranet lan home corp invalid onion arpa
"""
_MAILBOX_FAMILY_NAMES = """
    yahoo ymail rocketmail hotmail gmx yandex rediffmail tutanota
"""
_MAILBOX_DOMAIN_NAMES = """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.co.id
    outlook.in live.com live.co.uk live.nl live.de live.fr live.it live.be live.se live.dk live.no live.ca
    live.com.au live.com.mx live.in live.cn msn.com passport.com aol.com aol.co.uk aol.de aim.com icloud.com
    me.com mac.com proton.me protonmail.com protonmail.ch pm.me tuta.com tuta.io hey.com fastmail.com
    fastmail.fm mail.com email.com usa.com zoho.com zohomail.com hushmail.com inbox.com duck.com web.de
    t-online.de freenet.de posteo.de mailbox.org arcor.de orange.fr wanadoo.fr free.fr laposte.net sfr.fr
    neuf.fr bbox.fr libero.it virgilio.it alice.it tin.it tiscali.it ziggo.nl kpnmail.nl planet.nl hetnet.nl
    xs4all.nl home.nl telenet.be skynet.be bluewin.ch btinternet.com sky.com virginmedia.com ntlworld.com
    talktalk.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    earthlink.net optonline.net shaw.ca rogers.com sympatico.ca telus.net bigpond.com bigpond.net.au
    optusnet.com.au xtra.co.nz mail.ru bk.ru list.ru inbox.ru rambler.ru ya.ru ukr.net wp.pl o2.pl onet.pl
    interia.pl seznam.cz centrum.cz abv.bg qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com
    aliyun.com naver.com daum.net hanmail.net uol.com.br bol.com.br terra.com.br ig.com.br
"""

PAGE_HOSTS: Final = frozenset((_NETWORKS + _LINK_LISTS + _PLATFORM_PAGES).split())
BUILDER_HOSTS: Final = frozenset(_BUILDERS.split())
NOBODY_S: Final = frozenset(("app", "m"))  # below a builder: its own site, once more
PRIVATE_USE_SUFFIXES: Final = frozenset(_NOT_PUBLIC.split())
_PAGE_PATHS: Final = frozenset(_PAGES_BELOW.split())
_COUNTRY: Final = re.compile(r"\.(?:com?\.)?[a-z]{2,3}$")
_LOCALE: Final = re.compile(r"^[a-z]{2}(?:-[a-z]{2,4})?/")  # `etsy.com/uk/shop/acme`
_MAILBOX_FAMILIES: Final = frozenset(_MAILBOX_FAMILY_NAMES.split())
_MAILBOX_DOMAINS: Final = frozenset(_MAILBOX_DOMAIN_NAMES.split())


def is_mailbox_domain(domain: str) -> bool:
    """Whether anybody can have an address there; `domain` is a registrable domain in lower case."""
    return domain in _MAILBOX_DOMAINS or domain.partition(".")[0] in _MAILBOX_FAMILIES


def is_page(hosts: Iterable[str], path: str) -> bool:
    """Whether a link leads to a page that anybody can have; `hosts`: its host and what that is below, in lower case."""
    below = {known.partition("/")[0] for known in (path, _LOCALE.sub("", path))}
    return any(
        f"{host}/{part}" in _PAGE_PATHS
        for known in hosts
        for host in (known, _COUNTRY.sub(".*", known))
        for part in (below | {""} if path else ())
    )
