namespace HubshareDemo.Auth;

/// <summary>What became of a refresh cookie.</summary>
public enum RefreshVerdict
{
    Valid,

    /// <summary>Forged, of a family that has ended, or too old.</summary>
    Invalid,

    /// <summary>A generation that was already exchanged: two parties hold this sign-in, so it ends for both.</summary>
    Reused,
}
