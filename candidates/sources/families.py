"""Families: the classifiers that may be built by name, grouped as their libraries group them."""

_TORCHVISION = """
alexnet: alexnet
convnext: convnext_base convnext_large convnext_small convnext_tiny
densenet: densenet121 densenet161 densenet169 densenet201
efficientnet: efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4
    efficientnet_b5 efficientnet_b6 efficientnet_b7
efficientnet_v2: efficientnet_v2_l efficientnet_v2_m efficientnet_v2_s
googlenet: googlenet
inception: inception_v3
maxvit: maxvit_t
mnasnet: mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3
mobilenet: mobilenet_v2 mobilenet_v3_large mobilenet_v3_small
regnet: regnet_x_16gf regnet_x_1_6gf regnet_x_32gf regnet_x_3_2gf regnet_x_400mf regnet_x_800mf
    regnet_x_8gf regnet_y_128gf regnet_y_16gf regnet_y_1_6gf regnet_y_32gf regnet_y_3_2gf
    regnet_y_400mf regnet_y_800mf regnet_y_8gf
resnet: resnet101 resnet152 resnet18 resnet34 resnet50 wide_resnet101_2 wide_resnet50_2
resnext: resnext101_32x8d resnext101_64x4d resnext50_32x4d
shufflenet_v2: shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0
squeezenet: squeezenet1_0 squeezenet1_1
swin: swin_b swin_s swin_t swin_v2_b swin_v2_s swin_v2_t
vgg: vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
vit: vit_b_16 vit_b_32 vit_h_14 vit_l_16 vit_l_32
"""
_TIMM_ANY_SIZE = """
convmixer: convmixer_768_32
convnext: convnext_atto convnext_zepto_rms convnextv2_atto
cpubone: cpubone_nano
csatv2: csatv2
cspnet: cs3darknet_focus_s cs3sedarknet_l cspdarknet53 cspresnet50 darknet17 darknetaa53
cspnext: cspnext_tiny
davit: davit_tiny
densenet: densenet121 densenetblur121d
dla: dla34 dla46x_c dla60_res2net
dpn: dpn48b dpn68
edgenext: edgenext_xx_small
efficientnet: efficientnet_b0 efficientnet_b0_g16_evos efficientnet_b0_gn efficientnet_cc_b0_4e
    efficientnet_es efficientnet_lite0 efficientnetv2_rw_t fbnetc_100 mixnet_s mnasnet_small
    mobilenetv1_100 mobilenetv2_050 spnasnet_100 tf_efficientnet_b0 tf_mixnet_s tinynet_e
efficientvim: efficientvim_m1
efficientvit_mit: efficientvit_b0 efficientvit_l1
fasternet: fasternet_t0
fastvit: fastvit_mci0 fastvit_t8
focalnet: focalnet_tiny_srf
ghostnet: ghostnet_050 ghostnetv2_100 ghostnetv3_050
hardcorenas: hardcorenas_a
hgnet: hgnet_tiny hgnetv2_b0
hieradet_sam2: sam2_hiera_tiny
hrnet: hrnet_w18_small
iformer: iformer_t
inception_next: inception_next_atto
inception_resnet_v2: inception_resnet_v2
inception_v3: inception_v3
inception_v4: inception_v4
lcnetv2: lcnetv2_small
lowformer: lowformer_b0
mambaout: mambaout_femto
metaformer: caformer_s18 convformer_s18 poolformer_s12 poolformerv2_s12
mobilenetv3: fbnetv3_b lcnet_050 mobilenetv3_small_050 mobilenetv4_conv_small
    mobilenetv4_hybrid_medium tf_mobilenetv3_small_minimal_100
mobilenetv5: mobilenetv5_300m
nasnet: nasnetalarge
nextvit: nextvit_small
nfnet: dm_nfnet_f0 eca_nfnet_l0 nf_ecaresnet26 nf_regnet_b0
pnasnet: pnasnet5large
pvt_v2: pvt_v2_b0 pvt_v2_b2_li
rdnet: rdnet_tiny
regnet: regnetv_040 regnetx_002 regnety_002 regnetz_005
repghost: repghostnet_050
res2net: res2net50_14w_8s res2next50
resnest: resnest14d resnest50d_1s4x24d
resnet: ecaresnet26t resnet10t resnet26d resnet50_gn resnetaa50 resnetblur18 resnetrs50
    resnext50_32x4d seresnet18 seresnext26t_32x4d
resnetv2: resnetv2_18 resnetv2_50d_evos resnetv2_50d_frn resnetv2_50x1_bit
rexnet: rexnet_100 rexnetr_100
selecsls: selecsls42
senet: legacy_seresnet18 legacy_seresnext26_32x4d
shvit: shvit_s1
sknet: skresnet18 skresnext50_32x4d
starnet: starnet_s050
tiny_vit: tiny_vit_5m_224
tresnet: tresnet_m
vgg: vgg11_bn
vovnet: ese_vovnet19b_dw vovnet39a
xception: legacy_xception
xception_aligned: xception41 xception41p
"""
_TIMM_ONE_SIZE = """
beit: beit_base_patch16_224 beitv2_base_patch16_224
byoanet: botnet26t_256 eca_halonext26ts lambda_resnet26t sehalonet33ts
byobnet: bat_resnext26ts gcresnext26ts gernet_s mobileone_s0 regnetz_b16 repvgg_a0 resnet50_clip
    resnet50_mlp resnext26ts
cait: cait_xxs24_224
coat: coat_lite_tiny coat_tiny
convit: convit_tiny
crossvit: crossvit_9_dagger_240 crossvit_tiny_240
deepseek_vit: deepseek_vit_412m
deit: deit3_small_patch16_224 deit_tiny_distilled_patch16_224 deit_tiny_patch16_224
efficientformer: efficientformer_l1
efficientformer_v2: efficientformerv2_s0
efficientvit_msra: efficientvit_m0
eva: eva02_tiny_patch14_224 vit_pe_core_tiny_patch16_384 vit_small_patch16_dinov3
    vit_small_patch16_rope_mixed_224
gcvit: gcvit_xxtiny
gemma4_vit: gemma4_vit_167m
hiera: hiera_tiny_224
levit: levit_128s levit_conv_128s
maxxvit: coatnet_nano_rw_224 coatnext_nano_rw_224 maxvit_pico_rw_256 maxxvit_rmlp_nano_rw_256
    maxxvitv2_nano_rw_256
mlp_mixer: gmixer_12_224 gmlp_ti16_224 mixer_s32_224 resmlp_12_224
mobilevit: mobilevit_xxs mobilevitv2_050
mvitv2: mvitv2_small_cls mvitv2_tiny
naflexvit: naflexvit_base_patch16_gap
nest: nest_tiny nest_tiny_jx
pit: pit_ti_224 pit_ti_distilled_224
qwen3_vit: qwen3_vit_88m
repvit: repvit_m0_9
sequencer: sequencer2d_s
swiftformer: swiftformer_xs
swin_transformer: swin_s3_tiny_224 swin_tiny_patch4_window7_224
swin_transformer_v2: swinv2_tiny_window8_256
swin_transformer_v2_cr: swinv2_cr_tiny_224 swinv2_cr_tiny_ns_224
tnt: tnt_s_patch16_224
twins: twins_pcpvt_small twins_svt_small
visformer: visformer_tiny
vision_transformer: aimv2_large_patch14_224 beit3_base_patch16_224 flexivit_small
    vit_base_patch32_clip_quickgelu_224 vit_base_patch32_siglip_gap_256
    vit_small_patch14_reg4_dinov2 vit_small_patch16_36x1_224 vit_so150m_patch16_reg4_map_256
    vit_tiny_patch16_224
vision_transformer_hybrid: vit_small_resnet26d_224 vit_tiny_r_s16_p8_224
vision_transformer_relpos: vit_relpos_small_patch16_224 vit_srelpos_small_patch16_224
vision_transformer_sam: samvit_base_patch16_224
vitamin: vitamin_small_224
volo: volo_d1_224
xcit: xcit_nano_12_p16_224
"""


def _families(text: str) -> dict[str, tuple[str, ...]]:
    """Names by family: a family's line is `family: name …` and may go on, indented."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    pairs = (line.split(":") for line in lines)
    return {family: tuple(names.split()) for family, names in pairs}


TORCHVISION = _families(_TORCHVISION)
"""Every classifier of torchvision 0.28, by the module of torchvision that defines it."""
TIMM_ANY_SIZE = _families(_TIMM_ANY_SIZE)
"""One or a few classifiers of every module of timm 1.0 whose builders take no size of images."""
TIMM_ONE_SIZE = _families(_TIMM_ONE_SIZE)
"""The same of the modules whose builders take it."""
TIMM = dict(sorted({**TIMM_ANY_SIZE, **TIMM_ONE_SIZE}.items()))
