import json
def write(result, folder):
    (folder / "results.json").write_text(json.dumps(result, indent=1))
    out=[]
    for s in result["sections"]:
        out.append("== "+s["title"])
        for r in s["rows"]:
            out.append(f"{r['item']:28} {r['unit']:9} "+"  ".join(f"{v.get('median', 0):12.1f}" if "median" in v else "FAILED "+v["failed"] for v in r["results"].values())+"   "+"  ".join(f"{v['ratio']:.2f} [{v['low']:.2f}-{v['high']:.2f}]" for v in r["ratios"].values())+f"  >{r.get('target')}")
    (folder / "results.md").write_text("\n".join(out)+"\n")
