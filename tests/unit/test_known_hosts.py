"""Whose domain a link gives on hosts where many companies have a page or a site of their own."""

import pytest

from shared import canonical, known_hosts

PAGES = """
    notion.so/acme https://www.notion.so/Acme-1a2b boards.greenhouse.io/acme jobs.lever.co/acme/1
    apply.workable.com/acme https://www.glassdoor.com/Overview/Working-at-Acme.htm glassdoor.co.uk/Reviews/Acme.htm
    houzz.com/pro/acme houzz.de/experten/acme ebay.com/str/acme www.ebay.co.uk/usr/acme stores.ebay.com/acme
    gumroad.com/acme pitchbook.com/profiles/company/1-1 tripadvisor.com/Restaurant_Review-g1
    tripadvisor.com.au/Hotel_Review-g1 patreon.com/acme dribbble.com/acme kickstarter.com/projects/acme/lamp
    eventbrite.de/o/acme-1 crunchbase.com/organization/a app.apollo.io/#/accounts/1 apollo.io/companies/acme
    g2.com/sellers/acme capterra.com/p/1/acme uk.indeed.com/cmp/acme upwork.com/ag/acme amazon.de/sp?seller=A1
    fiverr.com/acme behance.net/acme linktr.ee/acme bio.site/acme https://m.etsy.com/shop/acme app.gumroad.com/acme
    item.taobao.com/item.htm?id=1
"""
OWN = {
    "https://acme.en.alibaba.com/company_profile.html": "acme.en.alibaba.com",
    "www.acme.gumroad.com/l/lamp": "acme.gumroad.com",
    "acme.odoo.com": "acme.odoo.com",
    "acme.typepad.com/blog": "acme.typepad.com",
    "acme.notion.so/Home-1": "acme.notion.so",
    "acme.medium.com/about": "acme.medium.com",
    "acme.my.canva.site": "acme.my.canva.site",
    "shop.acme.etsy.com": "acme.etsy.com",
    "acme.bamboohr.com/jobs": "acme.bamboohr.com",
    "m.etsy.com": "etsy.com",
}
COMPANIES = """
    notion.so greenhouse.io lever.co glassdoor.com houzz.com ebay.com alibaba.com gumroad.com odoo.com pitchbook.com
    tripadvisor.com patreon.com dribbble.com kickstarter.com eventbrite.com apollo.io medium.com upwork.com canva.site
"""


@pytest.mark.parametrize("link", PAGES.split())
def test_a_page_that_anybody_can_have_is_no_domain(link: str) -> None:
    assert canonical.company_domain(link) is None


@pytest.mark.parametrize(("link", "domain"), OWN.items())
def test_a_site_below_a_host_is_somebody_s_own(link: str, domain: str) -> None:
    assert canonical.company_domain(link) == domain
    assert canonical.company_domain(domain) == domain


@pytest.mark.parametrize("host", COMPANIES.split())
def test_the_host_is_a_company_itself(host: str) -> None:
    assert canonical.company_domain(f"https://www.{host}/") == host


@pytest.mark.parametrize("link", ["https://greenhouse.io/about", "alibaba.com/help", "glassdoor.com/about"])
def test_other_pages_of_the_host_are_its_own(link: str) -> None:
    assert canonical.company_domain(link) == canonical.company_domain(link.rpartition("/")[0])


def test_hosts_are_known_as_links_are_compared() -> None:
    hosts = known_hosts.PAGE_HOSTS | known_hosts.BUILDER_HOSTS
    assert {host for host in hosts if host != host.lower() or host.startswith("www.") or "." not in host} == set()
