import sharp from 'sharp';
const fs=process.argv.slice(3); const W=380,H=520; const comp=[]; let i=0;
for(const f of fs){const b=await sharp(f).resize(W-10,H-10,{fit:'inside'}).png().toBuffer(); comp.push({input:b,left:(i%4)*W,top:Math.floor(i/4)*H}); i++;}
await sharp({create:{width:4*W,height:Math.ceil(i/4)*H,channels:3,background:'#888'}}).composite(comp).png().toFile(process.argv[2]);
