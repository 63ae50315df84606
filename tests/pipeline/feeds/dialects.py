"""One small feed in each dialect, all telling the same two entries."""

from __future__ import annotations

import json

TITLE = "Café reopens – “at last”"
ESCAPED = "Caf&#233; reopens &#8211; &#8220;at last&#8221;"
FIRST = "https://outlet.example/a?id=1"
SECOND = "https://outlet.example/b"

RSS20 = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<title>Outlet</title><link>https://outlet.example/</link><language>en-GB</language><ttl>30</ttl>
<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<item><title>{ESCAPED}</title><link>{FIRST}</link><guid>g1</guid>
<description>&lt;p&gt;A &lt;b&gt;short&lt;/b&gt; summary.&lt;/p&gt;</description>
<pubDate>Thu, 23 Jan 2020 15:31:00 GMT</pubDate>
<author>desk@outlet.example (The desk)</author>
<media:content url="/pictures/a.jpg" width="1024" height="576" type="image/jpeg"/></item>
<item><title>Second</title><link>/b</link><guid>g2</guid>
<pubDate>Thu, 23 Jan 2020 09:00:00 EST</pubDate></item>
</channel></rss>"""

RSS092 = f"""<?xml version="1.0"?><rss version="0.92"><channel><title>Outlet</title>
<link>https://outlet.example/</link><description>d</description>
<item><title>{ESCAPED}</title><link>{FIRST}</link><description>A short summary.</description></item>
<item><title>Second</title><link>{SECOND}</link></item></channel></rss>"""

RSS091 = RSS092.replace('version="0.92"', 'version="0.91"').replace(
    "<rss",
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
    ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss',
)

RSS090 = f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>Outlet</title><link>https://outlet.example/</link></channel>
<item><title>{ESCAPED}</title><link>{FIRST}</link><description>A short summary.</description></item>
<item><title>Second</title><link>{SECOND}</link></item></rdf:RDF>"""

RSS10 = f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel rdf:about="https://outlet.example/"><title>Outlet</title>
<link>https://outlet.example/</link><dc:language>en</dc:language>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<items><rdf:Seq><rdf:li rdf:resource="g1"/><rdf:li rdf:resource="g2"/></rdf:Seq></items></channel>
<item rdf:about="g1"><title>{ESCAPED}</title><link>{FIRST}</link><dc:creator>The desk</dc:creator>
<description>A short summary.</description><dc:date>2020-01-23T15:31:00Z</dc:date></item>
<item rdf:about="g2"><title>Second</title><link>{SECOND}</link>
<dc:date>2020-01-23T14:00:00Z</dc:date></item></rdf:RDF>"""

ATOM10 = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>Outlet</title><link href="https://outlet.example/"/><updated>2020-01-23T16:00:00Z</updated>
<entry><title type="html">{ESCAPED}</title><id>g1</id><link rel="self" href="/a.xml"/>
<link rel="alternate" href="{FIRST}"/><link rel="related" href="/related"/>
<summary type="html">&lt;p&gt;A short summary.&lt;/p&gt;</summary>
<published>2020-01-23T15:31:00Z</published><updated>2020-01-23T15:45:00Z</updated>
<author><name>The desk</name><email>desk@outlet.example</email></author></entry>
<entry><title>Second</title><id>g2</id><link href="b"/>
<updated>2020-01-23T14:00:00Z</updated></entry></feed>"""

ATOM03 = f"""<?xml version="1.0"?><feed version="0.3" xmlns="http://purl.org/atom/ns#">
<title>Outlet</title><link rel="alternate" type="text/html" href="https://outlet.example/"/>
<entry><title mode="escaped">{ESCAPED}</title><id>g1</id><author><name>The desk</name></author>
<link rel="alternate" type="text/html" href="{FIRST}"/><summary>A short summary.</summary>
<issued>2020-01-23T15:31:00Z</issued><modified>2020-01-23T15:45:00Z</modified></entry>
<entry><title>Second</title><id>g2</id><link rel="alternate" href="{SECOND}"/>
<issued>2020-01-23T14:00:00Z</issued></entry></feed>"""

JSON11 = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Outlet",
        "home_page_url": "https://outlet.example/",
        "language": "en",
        "items": [
            {
                "id": "g1",
                "url": FIRST,
                "title": TITLE,
                "summary": "A short summary.",
                "date_published": "2020-01-23T15:31:00Z",
                "date_modified": "2020-01-23T15:45:00Z",
                "authors": [{"name": "The desk"}],
                "image": "/pictures/a.jpg",
            },
            {"id": "g2", "url": "b", "title": "Second", "date_published": "2020-01-23T14:00:00Z"},
        ],
    }
)
JSON10 = JSON11.replace("version/1.1", "version/1").replace(
    '"authors": [{"name": "The desk"}]', '"author": {"name": "The desk"}'
)

#: By feedparser's names; the two of JSON Feed are ours.
DIALECTS = {
    "rss20": RSS20,
    "rss092": RSS092,
    "rss091u": RSS091,
    "rss090": RSS090,
    "rss10": RSS10,
    "atom10": ATOM10,
    "atom03": ATOM03,
    "json11": JSON11,
    "json10": JSON10,
}
#: These dialects know neither dates nor guids nor authors.
BARE = {"rss092", "rss091u", "rss090"}
